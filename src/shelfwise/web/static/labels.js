// Receiving: a scanned GS1 label fills in the lot, the last day, the serial number and the weight of its line.
(() => {
  "use strict";
  const fill = (form, name, value) => {
    const target = form.elements[name];
    if (!target || !value) return;
    if (target.tagName !== "TEXTAREA") target.value = value;
    else if (!target.value.split("\n").includes(value)) target.value += `${target.value.trim() ? "\n" : ""}${value}`;
    const folded = target.closest("details");
    if (folded) folded.open = true;
  };
  const read = async (form, wanted, code) => {
    let found;
    try {
      const answer = await fetch(`/scan?${new URLSearchParams({ code })}`);
      if (!answer.ok) throw new Error(String(answer.status));
      found = await answer.json();
    } catch {
      return "The house does not answer. Look whether the device has a connection, and scan again.";
    }
    if (found.words) return found.words;
    if (found.sku !== wanted) return `That is ${found.sku}, and this line is ${wanted}.`;
    fill(form, "lot", found.lot);
    fill(form, "expires_on", found.last_day);
    fill(form, "serials", found.serial);
    fill(form, "weight", found.weight_kg);
    const said = [found.lot && `lot ${found.lot}`, found.last_day && `last day ${found.last_day}`,
      found.serial && `serial number ${found.serial}`, found.weight_kg && `${found.weight_kg} kg`].filter(Boolean);
    return said.length ? `Read: ${said.join(", ")}.` : `${found.sku}: right. Its label says nothing more.`;
  };
  // On the document, because the page draws its lines anew when something comes.
  document.addEventListener("keydown", async (event) => {
    const field = event.target.closest?.("[data-label]");
    if (!field || event.key !== "Enter") return;
    event.preventDefault();
    const code = field.value.trim();
    field.value = "";
    if (!code) return;
    const said = field.form.querySelector("[data-label-said]");
    said.textContent = await read(field.form, field.dataset.label, code);
    said.hidden = false;
  });
})();
