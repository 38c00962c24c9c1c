// The badge page: keys for thumbs, and a scanner's Enter goes on to the PIN instead of sending half a form.
(() => {
  "use strict";
  const badge = document.getElementById("badge");
  const pin = document.getElementById("pin");
  for (const key of document.querySelectorAll("[data-digit]")) {
    key.addEventListener("click", () => {
      pin.value = key.dataset.digit ? (pin.value + key.dataset.digit).slice(0, 8) : "";
    });
  }
  badge.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !pin.value) {
      event.preventDefault();
      pin.focus();
    }
  });
})();
