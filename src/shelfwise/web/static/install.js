// Lets this device keep the frame of the pages; where the connection is not encrypted, browsers offer no such thing.
navigator.serviceWorker?.register("/service-worker.js");
