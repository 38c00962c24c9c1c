// The pick page: a scanner types like a keyboard and ends with Enter. The right code advances, a wrong one is loud.
(() => {
  "use strict";
  const pick = document.getElementById("pick");
  if (!pick) return;
  const scan = document.getElementById("scan");
  const said = document.getElementById("pick-said");
  const amount = document.getElementById("amount");
  const form = document.getElementById("pick-form");
  const done = { place: false, item: false };
  let sent = false;
  let audio = null;

  const sound = (good) => {
    try {
      audio ??= new AudioContext();
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.type = good ? "sine" : "square";
      tone.frequency.value = good ? 1200 : 220;
      volume.gain.value = good ? 0.15 : 0.5;
      tone.connect(volume).connect(audio.destination);
      tone.start();
      tone.stop(audio.currentTime + (good ? 0.08 : 0.5));
    } catch { /* No sound on this device: the words and the shaking remain. */ }
    if (!good) navigator.vibrate?.([200, 80, 200]);
  };
  const tell = (good, words) => {
    said.hidden = false;
    said.className = `note pick-said${good ? "" : " note-danger"}`;
    said.textContent = words;
    sound(good);
  };
  const mark = (step) => {
    done[step] = true;
    pick.querySelector(`[data-step="${step}"]`).dataset.done = "yes";
  };
  const is = (code, wanted) => wanted !== "" && code.toUpperCase() === wanted.toUpperCase();

  const scanned = (code) => {
    if (is(code, pick.dataset.place)) {
      mark("place");
      tell(true, `${pick.dataset.place}: right. Now scan the item.`);
    } else if (is(code, pick.dataset.sku) || is(code, pick.dataset.lot)) {
      if (!done.place) {
        tell(false, `That is the item. Scan the bin ${pick.dataset.place} first, to be sure where you are.`);
        return;
      }
      if (done.item) {
        if (!sent) form.requestSubmit();
        return;
      }
      mark("item");
      tell(true, `${pick.dataset.sku}: right. Take the amount, then press Taken or scan the item once more.`);
    } else {
      tell(false, done.place ? `${code} is the wrong item. Take ${pick.dataset.sku}.`
        : `${code} is the wrong bin. Go to ${pick.dataset.place}.`);
    }
  };

  scan.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const code = scan.value.trim();
    scan.value = "";
    if (code) scanned(code);
  });
  // Whatever is scanned goes to the scan field, unless somebody is writing into another one.
  document.addEventListener("keydown", (event) => {
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey
      && !event.target.closest("input, textarea, select, summary")) scan.focus();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("input, summary, a")) scan.focus();
  });
  for (const button of pick.querySelectorAll("[data-add]")) {
    button.addEventListener("click", () => {
      const next = Number(amount.value.replace(",", ".")) + Number(button.dataset.add);
      if (next >= 0) amount.value = String(next);
    });
  }
  for (const one of pick.querySelectorAll("form")) {
    one.addEventListener("submit", () => {
      sent = true;
      for (const button of one.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
    });
  }
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  scan.focus();
})();
