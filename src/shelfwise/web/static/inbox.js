// The inbox by keyboard: j and k move from row to row, the letters press the buttons of the row that has the focus.
(() => {
  "use strict";
  const place = "shelfwise-inbox-row";
  const rows = () => [...document.querySelectorAll(".inbox-row")].filter((row) => row.offsetParent);
  const here = () => document.activeElement?.closest?.(".inbox-row");

  const remember = () => {
    const at = rows().indexOf(here());
    if (at >= 0) sessionStorage.setItem(place, String(at));
  };

  const focus = (at) => {
    const all = rows();
    const row = all[Math.max(0, Math.min(at, all.length - 1))];
    row?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    const at = rows().indexOf(here());
    if (event.key === "j" || event.key === "ArrowDown") focus(at + 1);
    else if (event.key === "k" || event.key === "ArrowUp") focus(at < 0 ? 0 : at - 1);
    else if (at < 0) return;
    else if (event.key === "Enter" && event.target === here()) here().querySelector(".inbox-title").click();
    else {
      const deed = "ads".includes(event.key) && here().querySelector(`[data-key="${event.key}"]`);
      if (!deed) return;
      remember();
      deed.click();
    }
    event.preventDefault();
  });

  document.addEventListener("submit", remember);
  const before = sessionStorage.getItem(place);
  if (before !== null) {
    sessionStorage.removeItem(place);
    focus(Number(before));
  }
})();
