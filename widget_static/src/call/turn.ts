/** One call for all tabs of a site: two would hear, answer and cost one another. Web Locks end with their tab. */

const NAME = "vaani_call";

/**
 * Resolves when no other tab has a call, and keeps it so until this one is over.
 *
 * @param signal aborted when this tab's call is over.
 * @param ask resolves where the visitor would rather have the call here; rejects where not.
 * @param lost the visitor has said so in another tab.
 */
export async function turn(signal: AbortSignal, ask: () => Promise<void>, lost: () => void): Promise<void> {
  if (await take({ ifAvailable: true })) return;
  await ask();
  await take({ steal: true });

  function take(how: LockOptions): Promise<boolean> {
    return new Promise((answer) => {
      if (!navigator.locks) return answer(true);
      const hold = (lock: Lock | null) => {
        answer(!!lock);
        if (lock && !signal.aborted) return new Promise((over) => signal.addEventListener("abort", over));
      };
      // A frame without an origin has no locks: its call is nobody else's business.
      navigator.locks.request(NAME, how, hold).catch((error) => {
        answer(true);
        if (error.name === "AbortError") lost();
      });
    });
  }
}
