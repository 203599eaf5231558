/** A WHIP client by hand, in a page: POST the offer, apply the answer, restart ICE by PATCH, DELETE at the end. */
(function (root) {
  "use strict";

  const FRAGMENT = "application/trickle-ice-sdpfrag";

  class Whip {
    #connection = null;
    #token;
    #session = "";

    constructor(token) {
      this.#token = token;
    }

    /** Publishes the camera in as many layers as there are encodings, and the microphone. Returns the answer's status. */
    async publish(url, { encodings, width, height }) {
      const media = await navigator.mediaDevices.getUserMedia({ video: { width, height }, audio: true });
      const connection = (this.#connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" }));
      for (const track of media.getTracks()) {
        const extra = track.kind === "video" ? { sendEncodings: encodings } : {};
        connection.addTransceiver(track, { direction: "sendonly", streams: [media], ...extra });
      }
      await connection.setLocalDescription();
      const response = await this.#ask("POST", url, { "Content-Type": "application/sdp" }, connection.localDescription.sdp);
      this.#session = new URL(response.headers.get("Location"), location.href).href;
      await connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
      return response.status;
    }

    /** Restarts ICE: new credentials go as a fragment; those of the answer replace the old ones in the description. */
    async restart() {
      const connection = this.#connection;
      const answer = connection.remoteDescription.sdp;
      await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
      const mine = credentials(connection.localDescription.sdp);
      const body = `a=ice-ufrag:${mine.ufrag}\r\na=ice-pwd:${mine.pwd}\r\n`;
      const response = await this.#ask("PATCH", this.#session, { "Content-Type": FRAGMENT, "If-Match": "*" }, body);
      const theirs = credentials(await response.text());
      const sdp = answer
        .replace(/a=ice-ufrag:.*/g, `a=ice-ufrag:${theirs.ufrag}`)
        .replace(/a=ice-pwd:.*/g, `a=ice-pwd:${theirs.pwd}`);
      await connection.setRemoteDescription({ type: "answer", sdp: sdp.replaceAll(/\r?\n/g, "\r\n") });
      return response.status;
    }

    async end() {
      const response = await this.#ask("DELETE", this.#session, {});
      this.#connection.close();
      return response.status;
    }

    /** The pair of candidates that carries media: the ufrag of ours, and how often it was answered. */
    async pair() {
      const stats = await this.#connection.getStats();
      const transport = [...stats.values()].find(({ type }) => type === "transport");
      const pair = stats.get(transport.selectedCandidatePairId);
      const ufrag = stats.get(pair.localCandidateId).usernameFragment;
      return { ufrag, answered: pair.responsesReceived, state: this.#connection.connectionState };
    }

    async #ask(method, url, headers, body) {
      const response = await fetch(url, { method, headers: { Authorization: `Bearer ${this.#token}`, ...headers }, body });
      if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`);
      return response;
    }
  }

  function credentials(text) {
    return { ufrag: /a=ice-ufrag:(\S+)/.exec(text)[1], pwd: /a=ice-pwd:(\S+)/.exec(text)[1] };
  }

  root.Whip = Whip;
})(globalThis);
