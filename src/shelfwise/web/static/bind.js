// The page on which tags are bound: goods that are scanned fill the rows, tags that are scanned go to the tags. What
// scanning pages share is in scan.js.
(() => {
  "use strict";
  const bind = document.getElementById("bind");
  if (!bind) return;
  const tags = bind.querySelector('[name="epcs"]');
  const isTag = (code) => /^(0x)?([0-9a-f]{4}){2,31}$/i.test(code);
  // Nothing on goods is that long and has letters of a hexadecimal number alone.
  const isTagForSure = (code) => isTag(code) && code.length > 15 && /[a-f]/i.test(code.replace(/^0x/i, ""));
  const rows = () => [...bind.querySelectorAll("[data-goods]")];
  const part = (row, name) => row.querySelector(`[name="${name}"]`);

  const another = () => {
    const last = rows().at(-1);
    const row = last.cloneNode(true);
    for (const one of row.querySelectorAll("input")) {
      one.value = one.name === "amount" ? "1" : "";
      one.required = false;
    }
    last.after(row);
    return row;
  };
  const ask = async (code) => {
    try {
      const answer = await fetch(`/scan?${new URLSearchParams({ code })}`);
      if (answer.ok) return await answer.json();
    } catch { /* Said below. */ }
    return { sku: "", words: "That could not be looked up. Scan it again, or type the item." };
  };
  const addTag = (code) => {
    const known = tags.value.split(/[\s,;]+/).filter(Boolean);
    const there = known.some((one) => is(one, code));
    if (!there) tags.value = [...known, code.toUpperCase()].join("\n");
    tell(true, there ? "That tag is among them already." : `${known.length + 1} tags.`);
  };
  const addGoods = ({ sku, lot = "" }) => {
    const same = rows().find((row) => is(sku, part(row, "sku").value.trim()) && part(row, "lot").value.trim() === lot);
    if (same) {
      const amount = part(same, "amount");
      amount.value = String(Number(amount.value.replace(",", ".")) + 1).replace(".", document.body.dataset.decimal ?? ".");
      tell(true, `${amount.value} of ${sku}.`);
      return;
    }
    const row = rows().find((one) => !part(one, "sku").value.trim()) ?? another();
    part(row, "sku").value = sku;
    part(row, "lot").value = lot;
    row.closest("details")?.setAttribute("open", "");
    tell(true, `${sku}${lot ? `, lot ${lot}` : ""}. Say how many lie under each tag, or scan the next one.`);
  };

  const { tell, is } = scanning(bind, async (code) => {
    if (isTagForSure(code)) {
      addTag(code);
      return;
    }
    // It may be either: goods are asked for first.
    const found = await ask(code);
    if (found.sku) addGoods(found);
    else if (isTag(code)) addTag(code);
    else tell(false, found.words);
  });
})();
