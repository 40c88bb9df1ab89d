/** How loud some tracks are, for drawing. An AnalyserNode: worklets need a script that a strict policy blocks. */

/** Speech is 0.02 to 0.2 of full scale; the eye wants most of the range for it. */
const LOUD = 0.22;

export class Meter {
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #samples: Uint8Array<ArrayBuffer>;
  #sources: MediaStreamAudioSourceNode[] = [];

  constructor(context: AudioContext) {
    this.#context = context;
    this.#analyser = new AnalyserNode(context, { fftSize: 512 });
    this.#samples = new Uint8Array(this.#analyser.fftSize);
  }

  /** A source node hears only the first track of a stream, so each track gets one of its own. */
  follow(tracks: readonly MediaStreamTrack[]): void {
    this.stop();
    try {
      this.#sources = tracks.map((track) => {
        const source = this.#context.createMediaStreamSource(new MediaStream([track]));
        source.connect(this.#analyser);
        return source;
      });
    } catch {
      // A call without a drawn level is still a call.
    }
  }

  /** 0 (silence) to 1 (a loud voice). */
  level(): number {
    if (!this.#sources.length) return 0;
    this.#analyser.getByteTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += (sample - 128) ** 2;
    const loudness = Math.sqrt(sum / this.#samples.length) / 128;
    return Math.min(1, Math.sqrt(loudness / LOUD));
  }

  stop(): void {
    for (const source of this.#sources) source.disconnect();
    this.#sources = [];
  }
}
