/** Each state that a visitor can see, written into the model as a call would. */

import * as calls from "../call/call";
import * as model from "../call/model";
import { more } from "../panel/more";
import type { Problem, State } from "../types";
import { site } from "./element";

/** What was said, in the languages whose letters are drawn otherwise. */
const TALKS: Readonly<Record<string, readonly [string, string, string]>> = {
  en: [
    "Hello, this is Mela Tea. How can I help?",
    "Do you ship to Lisbon?",
    "We do. A parcel to Lisbon takes two to three days, and is free from three tins on.",
  ],
  hi: ["नमस्ते, मेला टी में आपका स्वागत है। बताइए, क्या मदद करूँ?", "क्या आप पुणे भेजते हैं?", "जी हाँ। पुणे पहुँचने में दो-तीन दिन लगते हैं, और तीन डिब्बों से डिलीवरी मुफ़्त है।"],
  bn: ["নমস্কার, মেলা টি থেকে বলছি। কীভাবে সাহায্য করতে পারি?", "আপনারা কি ঢাকায় পাঠান?", "হ্যাঁ। ঢাকায় পৌঁছাতে দুই-তিন দিন লাগে, আর তিন কৌটা থেকে ডেলিভারি বিনামূল্যে।"],
  ta: ["வணக்கம், மேளா டீ. என்ன உதவி வேண்டும்?", "மதுரைக்கு அனுப்புவீர்களா?", "ஆம். மதுரைக்கு இரண்டு மூன்று நாட்கள் ஆகும்; மூன்று டப்பாக்களுக்கு மேல் இலவசம்."],
  ur: ["السلام علیکم، میلا ٹی میں خوش آمدید۔ فرمائیے، کیا مدد کروں؟", "کیا آپ لاہور بھیجتے ہیں؟", "جی ہاں۔ لاہور پہنچنے میں دو تین دن لگتے ہیں، اور تین ڈبوں سے ترسیل مفت ہے۔"],
};

const TALK: readonly model.Line[] = (TALKS[document.documentElement.lang] ?? TALKS.en!).map((text, index) => ({
  id: `${index}`,
  role: index === 1 ? "visitor" : "agent",
  text,
  final: true,
}));

function call(state: State, lines: readonly model.Line[] = TALK): void {
  model.joined.value = true;
  model.seconds.value = 83;
  model.lines.value = lines;
  model.change(state);
  more.value!.noticed.value = true;
}

function failed(problem: Problem): void {
  model.problem.value = problem;
  model.change("failed");
}

/** Another browser, as far as the widget looks. */
function inside(agent: string): void {
  Object.defineProperty(navigator, "userAgent", { value: `Mozilla/5.0 (${agent}` });
}

const MAC = "Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15";
const WINDOWS = "Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";
const ANDROID = "Linux; Android 10; K) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36";
const IPHONE = "iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15";
const FIREFOX = "X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

const failedIn = (agent: string, code: Problem["code"]) => (): void => {
  inside(agent);
  failed({ code });
};

/** A site that lets its visitors choose, and a desk with a headset on it. */
function choosing(): void {
  model.site.value = { ...site, languages: ["en", "hi", "ta", "ur"], share: true };
  const { devices, used } = more.value!;
  const device = (kind: MediaDeviceKind, label: string) => ({ kind, label, deviceId: label, groupId: "" }) as MediaDeviceInfo;
  devices.value = [
    device("audioinput", "Headset"),
    device("audioinput", "Built-in microphone"),
    device("audiooutput", "Headset"),
  ];
  used.value = { audioinput: "Headset", audiooutput: "Headset" };
  call("listening");
}

export const STATES: Readonly<Record<string, () => void>> = {
  idle: () => {},
  consent: () => {
    model.change("asking");
    model.terms.value = {
      text: "This call is recorded so that we can look after your order. How long we keep it: https://mela.example/privacy",
      answer: () => {},
    };
  },
  elsewhere: () => {
    model.change("asking");
    model.terms.value = { text: undefined, answer: () => {} };
  },
  asking: () => {
    model.prompting.value = true;
    model.change("asking");
  },
  connecting: () => model.change("connecting"),
  waiting: () => call("waiting", []),
  quiet: () => call("listening", []),
  listening: () => call("listening"),
  thinking: () => call("thinking", TALK.slice(0, 2)),
  speaking: () => call("speaking"),
  muted: () => {
    model.muted.value = true;
    call("listening");
  },
  lost: () => {
    model.muted.value = model.microphoneLost.value = true;
    call("listening");
  },
  silent: () => {
    model.soundBlocked.value = true;
    call("speaking");
  },
  reconnecting: () => call("reconnecting"),
  ended: () => {
    call("listening");
    model.reason.value = "agent";
    model.change("ended");
  },
  writing: () => {
    model.written.value = model.silent.value = true;
    call("listening");
  },
  rate: () => {
    call("listening");
    model.callId.value = "0ec06f77724f9271";
    model.home.value!.setAttribute("feedback", "true");
    model.reason.value = "visitor";
    model.change("ended");
  },
  denied: () => failed({ code: "mic_denied" }),
  missing: () => failed({ code: "mic_missing" }),
  taken: () => failed({ code: "mic_busy" }),
  firefox: failedIn(FIREFOX, "mic_denied"),
  safari: failedIn(MAC, "mic_denied"),
  ios: failedIn(`${IPHONE} Version/18.0 Mobile/15E148 Safari/604.1`, "mic_denied"),
  android: failedIn(ANDROID, "mic_denied"),
  system: failedIn(MAC, "mic_blocked"),
  windows: failedIn(WINDOWS, "mic_blocked"),
  phone: failedIn(ANDROID, "mic_blocked"),
  insecure: () => failed({ code: "insecure_context" }),
  policy: () => {
    // In the gallery each cell is a frame; alone it is a page.
    Object.defineProperty(document, "permissionsPolicy", { value: { allowsFeature: () => false } });
    failed({ code: "mic_blocked" });
  },
  app: failedIn(`${IPHONE} Instagram 300.0`, "mic_denied"),
  old: () => failed({ code: "unsupported" }),
  busy: () => failed({ code: "site_busy", retry_after: 60 }),
  settings: choosing,
  anew: choosing,
  window: choosing,
  unheard: () => {
    call("listening");
    more.value!.unheard.value = true;
  },
  unsent: () => STATES.rate!(),
  interrupted: () => {
    call("listening");
    more.value!.interrupted.value = true;
  },
  ending: () => {
    call("listening");
    model.seconds.value = 545;
  },
  headset: () => {
    call("listening");
    more.value!.taken.value = "Headset";
  },
};

/** What was before. */
export const BEFORE: Readonly<Record<string, () => Promise<void>>> = {
  ending: () => begun(600),
};

/** What the visitor does then. */
export const DONE: Readonly<Record<string, (root: ShadowRoot) => Promise<void>>> = {
  settings: (root) => press(root, ".choose"),
  anew: async (root) => {
    await press(root, ".choose");
    const languages = await found<HTMLSelectElement>(root, "#vaani_language");
    languages.value = "hi";
    languages.dispatchEvent(new Event("change"));
    await found(root, ".anew");
  },
  window: async (root) => {
    await press(root, ".choose");
    await press(root, ".devices .plain:last-child");
    await found(root, ".anew");
  },
  app: standing,
  old: standing,
  unsent: async (root) => {
    await press(root, ".thumb");
    await found(root, ".unsent");
  },
};

/** A call that was begun and let go, of which one knows how long it might have lasted. Nobody is asked for anything. */
async function begun(seconds: number): Promise<void> {
  const widget = model.home.value!;
  const token = { site_token: "", expires_in: 600, at: Date.now(), site };
  const started = { call_id: "", token: "", connection_url: "", call_token: "", max_seconds: seconds };
  Object.defineProperty(widget, "siteToken", { value: () => Promise.resolve(token) });
  globalThis.fetch = () => Promise.resolve(Response.json(started));
  const gesture = { written: true, audioContext: new AudioContext(), audio: new Audio(), hold: () => {}, before: Promise.resolve({}) };
  const room = { join: () => new Promise<never>(() => {}) };
  calls.start(widget, gesture, Promise.resolve(room)).catch(() => {});
  while (!calls.last) await new Promise(requestAnimationFrame);
  calls.end();
  model.reset();
  model.change("idle");
}

async function found<Found extends HTMLElement>(root: ShadowRoot, what: string): Promise<Found> {
  for (;;) {
    const element = root.querySelector<Found>(what);
    if (element) return element;
    await new Promise(requestAnimationFrame);
  }
}

/** The page's address, but for its port, which is another each time. */
async function standing(root: ShadowRoot): Promise<void> {
  (await found(root, ".address")).textContent = "https://mela.example/teas?from=newsletter";
}

const press = async (root: ShadowRoot, what: string): Promise<void> => (await found(root, what)).click();
