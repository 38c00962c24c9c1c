// Try the camera: what a browser gives to this page it will give to the pages that scan.
(() => {
  "use strict";
  const button = document.getElementById("camera");
  const picture = document.getElementById("picture");
  const said = document.getElementById("camera-said");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      if (!navigator.mediaDevices) throw new Error("This browser gives no camera to this page.");
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      picture.srcObject = stream;
      picture.hidden = false;
      await picture.play();
      said.textContent = "The camera works.";
      setTimeout(() => {
        for (const track of stream.getTracks()) track.stop();
        picture.hidden = true;
      }, 5000);
    } catch (error) {
      said.textContent = `No camera: ${error.message} Allow it in the browser's settings for this page.`;
    }
    said.hidden = false;
    button.disabled = false;
  });
})();
