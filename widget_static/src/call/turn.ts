/** One call for all tabs of a site: two would hear, answer and cost one another. Web Locks end with their tab. */

const NAME = "vaani_call";

/** Milliseconds for which another call's end may be on its way to the server. */
const PATIENCE = 2_000;

/**
 * Resolves when no other tab has a call, and keeps it so until this one is over. A call that was there a moment ago is
 * over for the server, too, by then: a site with one line would be busy.
 *
 * @param signal aborted when this tab's call is over.
 * @param ask resolves where the visitor would rather have the call here; rejects where not.
 * @param lost the visitor has said so in another tab.
 * @param told resolves when the server knows that this tab's call is over.
 */
export async function turn(signal: AbortSignal, ask: () => Promise<void>, lost: () => void, told: () => unknown): Promise<void> {
  const LINE = `${NAME}_line`;
  const [free, line] = await Promise.all([take(NAME, { ifAvailable: true }), take(LINE, { ifAvailable: true }, told)]);
  if (!free) {
    await ask();
    await take(NAME, { steal: true });
  }
  if (!line) await take(LINE, { signal: AbortSignal.timeout(PATIENCE) }, told);

  function take(name: string, how: LockOptions, last?: () => unknown): Promise<boolean> {
    return new Promise((answer) => {
      if (!navigator.locks) return answer(true);
      const hold = (lock: Lock | null) => {
        answer(!!lock);
        if (lock && !signal.aborted) return new Promise((over) => signal.addEventListener("abort", () => over(last?.())));
      };
      // A frame without an origin has no locks: its call is nobody else's business.
      navigator.locks.request(name, how, hold).catch((error) => {
        answer(true);
        if (error.name === "AbortError") lost();
      });
    });
  }
}
