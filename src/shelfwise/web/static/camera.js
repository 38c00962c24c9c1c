// Scanning with the device's own camera: what it reads goes into the scan field as if a scanner had typed it.
(() => {
  "use strict";
  const { reader, wasm } = document.currentScript.dataset;
  const scan = document.querySelector("[data-scan]");
  // Browsers give the camera over HTTPS and on this machine itself.
  if (!scan || !navigator.mediaDevices) return;

  const FORMATS = ["QRCode", "DataMatrix", "AllGS1", "AllRetail", "Code128", "Code39", "ITF"];
  const BETWEEN_LOOKS_MS = 120;
  // A code that stays before the camera is scanned once, also when its scan led to another page. Out of sight for this
  // long, it can be scanned again.
  const AGAIN_MS = 1500;
  const OPEN = "camera";
  const LAST = "camera-last";
  let stream = null;
  let seen = 0;

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Scan with the camera";
  const picture = document.createElement("video");
  picture.className = "camera";
  picture.muted = true;
  picture.playsInline = true;
  picture.hidden = true;
  const said = document.createElement("p");
  said.className = "note note-attention";
  said.setAttribute("role", "alert");
  said.hidden = true;
  scan.closest("label").after(button, picture, said);

  const library = () => new Promise((loaded, failed) => {
    if (globalThis.ZXingWASM) {
      loaded(globalThis.ZXingWASM);
      return;
    }
    const script = document.createElement("script");
    script.src = reader;
    script.onload = () => {
      globalThis.ZXingWASM.prepareZXingModule({ overrides: { locateFile: () => wasm } });
      loaded(globalThis.ZXingWASM);
    };
    script.onerror = () => failed(new Error("The reader of codes could not be loaded."));
    document.head.append(script);
  });

  // Application identifiers are told apart from a plain text by what stands before them, as scanners send it.
  const text = (found) => (found.contentType === "GS1" ? found.symbologyIdentifier : "") + found.text;

  const hand = (code) => {
    if (code === sessionStorage.getItem(LAST)) return;
    sessionStorage.setItem(LAST, code);
    scan.value = code;
    scan.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
  };

  const look = async (zxing) => {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    seen = performance.now();
    while (stream) {
      if (picture.videoWidth && !document.hidden) {
        canvas.width = picture.videoWidth;
        canvas.height = picture.videoHeight;
        context.drawImage(picture, 0, 0);
        const image = context.getImageData(0, 0, canvas.width, canvas.height);
        const [found] = await zxing.readBarcodes(image, { formats: FORMATS, maxNumberOfSymbols: 1 });
        const now = performance.now();
        if (now - seen > AGAIN_MS) sessionStorage.removeItem(LAST);
        if (found) seen = now;
        if (found && stream) hand(text(found));
      }
      await new Promise((on) => { setTimeout(on, BETWEEN_LOOKS_MS); });
    }
  };

  const close = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    picture.hidden = true;
    button.textContent = "Scan with the camera";
    sessionStorage.removeItem(OPEN);
    sessionStorage.removeItem(LAST);
  };
  const open = async () => {
    said.hidden = true;
    button.disabled = true;
    try {
      const [zxing, given] = await Promise.all([
        library(),
        navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } }),
      ]);
      stream = given;
      picture.srcObject = stream;
      picture.hidden = false;
      button.textContent = "Close the camera";
      // Work goes on from page to page; so does the camera, until it is closed.
      sessionStorage.setItem(OPEN, "open");
      await picture.play();
      look(zxing).catch((error) => {
        close();
        tell(error);
      });
    } catch (error) {
      close();
      tell(error);
    }
    button.disabled = false;
  };
  const tell = (error) => {
    said.textContent = `No camera: ${error.message} Allow it in the browser's settings for this page, or use a scanner.`;
    said.hidden = false;
  };

  button.addEventListener("click", () => (stream ? close() : open()));
  window.addEventListener("pagehide", () => { for (const track of stream?.getTracks() ?? []) track.stop(); });
  if (sessionStorage.getItem(OPEN)) open();
})();
