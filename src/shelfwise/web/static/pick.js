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

  const { tell, is, send } = scanning(pick, (code) => {
    if (is(code, pick.dataset.place)) {
      mark("place");
      tell(true, `${pick.dataset.place}: right. Now scan the item.`);
    } else if ([pick.dataset.sku, pick.dataset.lot, ...pick.dataset.codes.split(" ")].some((one) => is(code, one))) {
      if (!done.place) {
        tell(false, `That is the item. Scan the bin ${pick.dataset.place} first, to be sure where you are.`);
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
