// The pick page: the right code advances, a wrong one is loud. What scanning pages share is in scan.js.
(() => {
  "use strict";
  const pick = document.getElementById("pick");
  if (!pick) return;
  const form = document.getElementById("pick-form");
  const done = { place: false, item: false };
  const mark = (step) => {
    done[step] = true;
    pick.querySelector(`[data-step="${step}"]`).dataset.done = "yes";
  };

  // A GS1 label says more than any code that the page knows: the house reads it.
  const known = [pick.dataset.sku, pick.dataset.lot, ...pick.dataset.codes.split(" ")];
  const read = async (code) => {
    if ([pick.dataset.place, ...known].some((one) => is(code, one))) return { code, lot: "" };
    try {
      const answer = await fetch(`/scan?${new URLSearchParams({ code })}`);
      const found = answer.ok ? await answer.json() : {};
      return { code: found.sku || code, lot: found.lot || "" };
    } catch {
      return { code, lot: "" };
    }
  };

  const { tell, is, send } = scanning(pick, async (scanned) => {
    const { code, lot } = await read(scanned);
    if (is(code, pick.dataset.place)) {
      mark("place");
      tell(true, `${pick.dataset.place}: right. Now scan the item.`);
    } else if (known.some((one) => is(code, one))) {
      if (!done.place) {
        tell(false, `That is the item. Scan the bin ${pick.dataset.place} first, to be sure where you are.`);
        return;
      }
      if (lot && pick.dataset.lot && !is(lot, pick.dataset.lot)) {
        tell(false, `That is lot ${lot}. Take lot ${pick.dataset.lot}, or say below that you took another one.`);
        return;
      }
      if (done.item) {
        send(form);
        return;
      }
      mark("item");
      tell(true, `${pick.dataset.sku}: right. Take the amount, then press Taken or scan the item once more.`);
    } else {
      tell(false, done.place ? `${code} is the wrong item. Take ${pick.dataset.sku}.`
        : `${code} is the wrong bin. Go to ${pick.dataset.place}.`);
    }
  });
})();
