// The page without connection: try again on a press, and by itself as soon as the device is back on the network.
(() => {
  "use strict";
  const again = () => { location.reload(); };
  document.getElementById("again").addEventListener("click", again);
  window.addEventListener("online", again);
})();
