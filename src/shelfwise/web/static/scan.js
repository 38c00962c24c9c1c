// What pages share that are worked with a scanner: it types like a keyboard and ends with Enter. A right code sounds
// well and a wrong one is loud and shakes; whatever is scanned reaches the scan field, and no form is sent twice.
globalThis.scanning = (root, scanned) => {
  "use strict";
  const scan = root.querySelector("[data-scan]");
  const said = root.querySelector("[data-said]");
  const amount = root.querySelector("[data-amount]");
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

  // Who scans fast is not asked to wait: one code after the other has its turn.
  let turn = Promise.resolve();
  const take = (code) => { turn = turn.then(() => scanned(code)); };
  // What was scanned stays to be read where the form needs it; the next scan takes its place.
  const keeps = "keep" in scan.dataset;
  let over = false;
  scan.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const code = scan.value.trim();
    if (keeps) over = true;
    else scan.value = "";
    if (code) take(code);
  });
  scan.addEventListener("beforeinput", () => {
    if (over) scan.value = "";
    over = false;
  });
  // Whatever is scanned goes to the scan field, unless somebody is writing into another one.
  document.addEventListener("keydown", (event) => {
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey
      && !event.target.closest("input, textarea, select, summary")) scan.focus();
  });
  document.addEventListener("click", (event) => {
    // A field that is typed into as well would bring up the phone's keyboard.
    if (scan.inputMode === "none" && !event.target.closest("input, select, textarea, summary, a")) scan.focus();
  });
  // A code that was scanned into the amount is no amount.
  let before = amount?.value;
  amount?.addEventListener("focus", () => { before = amount.value; amount.select(); });
  amount?.addEventListener("keydown", (event) => {
    const code = amount.value.trim();
    if (event.key !== "Enter" || /^[0-9]*[.,]?[0-9]*$/.test(code)) return;
    event.preventDefault();
    amount.value = before;
    if (keeps) {
      scan.value = code;
      over = true;
    }
    take(code);
  });
  for (const button of root.querySelectorAll("[data-add]")) {
    button.addEventListener("click", () => {
      const next = Number(amount.value.replace(",", ".")) + Number(button.dataset.add);
      if (next >= 0) amount.value = String(next).replace(".", document.body.dataset.decimal ?? ".");
    });
  }
  for (const one of root.querySelectorAll("form")) {
    one.addEventListener("submit", () => {
      sent = true;
      for (const button of one.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
    });
  }
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  if (!scan.value) scan.focus();
  return {
    tell,
    is: (code, wanted) => Boolean(wanted) && code.toUpperCase() === wanted.toUpperCase(),
    send: (form) => { if (!sent) form.requestSubmit(); },
    // An answer comes while the next code may be half typed already: that one is left alone.
    keep: (code) => { if (over || !scan.value) scan.value = code; },
  };
};
