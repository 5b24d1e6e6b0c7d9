/* Search in pages that are opened as files: browsers start no worker there, so a hidden frame takes its place.
   The theme's search asks for `IFrameWorker` in its parent, and speaks to a worker by messages. */
if (location.protocol === "file:") {
  class IFrameWorker extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.head.append(frame);
      const inside = frame.contentWindow;
      this.waiting = [];
      inside.importScripts = (...urls) => urls.reduce((before, next) => before.then(() => loaded(inside, next)), Promise.resolve());
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.deliver = (data) => inside.dispatchEvent(new inside.MessageEvent("message", { data }));
      loaded(inside, url).then(() => {
        const waiting = this.waiting;
        this.waiting = null;
        waiting.forEach(this.deliver);
      });
    }

    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.deliver(data);
    }
  }

  const loaded = (frame, url) =>
    new Promise((done, failed) => {
      const script = frame.document.createElement("script");
      script.src = url;
      script.onload = done;
      script.onerror = failed;
      frame.document.documentElement.append(script);
    });

  window.IFrameWorker = IFrameWorker;
  window.Worker = IFrameWorker;
}
