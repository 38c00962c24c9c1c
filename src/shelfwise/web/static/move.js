// The pages on which goods are carried: scan the bin, the goods, the bin they go to. What pages share is in scan.js.
(() => {
  "use strict";
  const move = document.getElementById("move");
  if (!move) return;
  const { site, from, usual, step } = move.dataset;
  const form = document.getElementById("move-form");
  let target = "";

  // The sound has to begin before the page is left.
  const go = (address) => setTimeout(() => { location.href = address; }, 90);
  const ask = async (code) => {
    const asked = new URLSearchParams({ site, scanned: code, from: from ?? "" });
    const answer = await fetch(`/move/code?${asked}`);
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const bin = (found, code) => {
    if (found.kind === "place") {
      tell(true, `${found.code}: right.`);
      go(found.address);
    } else if (found.kind === "item") {
      tell(true, `${found.code} is goods. Choose where you take it from.`);
      go(`/move?${new URLSearchParams({ site, from: code })}`);
    } else tell(false, `${code} is no bin here. Scan the label of the bin.`);
  };
  const goods = (found, code) => {
    if (found.kind === "goods") {
      tell(true, `${found.code}: right.`);
      go(found.address);
    } else if (found.kind === "several") {
      tell(true, "There is more than one lot of it. Scan the lot, or choose it.");
      for (const one of move.querySelectorAll("[data-sku]")) one.hidden = !is(found.code, one.dataset.sku);
    } else if (found.kind === "place") {
      tell(true, `Now at ${found.code}.`);
      go(found.address);
    } else if (found.kind === "item") {
      tell(false, `By the books, no ${found.code} lies in ${from}. Is it there all the same? Then press the button.`);
      const link = move.querySelector("[data-anyway]") ?? document.createElement("a");
      link.className = "button choice";
      link.dataset.anyway = "";
      link.href = found.address;
      link.textContent = `Move ${found.code} all the same`;
      move.append(link);
    } else tell(false, `${code} is nothing we know. Scan the label of the item.`);
  };
  const end = (found, code) => {
    if (found.kind !== "place") tell(false, `${code} is no bin here. Scan the bin you put it in.`);
    else if (is(found.code, from)) tell(false, `${found.code} is where you took it from. Scan the bin you put it in.`);
    else {
      target = found.code;
      keep(target);
      move.querySelector('dl [data-step="to"]').dataset.done = "yes";
      move.querySelector('dl [data-step="to"] dd').textContent = target;
      const other = usual && !is(target, usual) ? ` Its own bin is ${usual}.` : "";
      tell(true, `${target}.${other} Scan it once more, or press the button.`);
    }
  };

  const { tell, is, send, keep } = scanning(move, async (code) => {
    if (step === "what") {
      const fits = [...move.querySelectorAll("[data-sku]")]
        .filter((one) => is(code, one.dataset.sku) || is(code, one.dataset.lot));
      if (fits.length === 1) {
        tell(true, `${code}: right.`);
        go(fits[0].href);
        return;
      }
      if (fits.length) {
        tell(true, "There is more than one lot of it. Scan the lot, or choose it.");
        for (const one of move.querySelectorAll("[data-sku]")) one.hidden = !fits.includes(one);
        return;
      }
    }
    if (step === "to" && target && is(code, target)) {
      form.elements.to.value = target;
      send(form);
      return;
    }
    try {
      const found = await ask(code);
      if (found.kind === "unreadable") tell(false, found.words);
      else ({ from: bin, what: goods, to: end })[step](found, code);
    } catch {
      tell(false, "The house does not answer. Look whether the device has a connection, and scan again.");
    }
  });
})();
