/** Rejects where the work takes longer than this; the work itself goes on. */
export const within = <Value>(milliseconds: number, work: Promise<Value>): Promise<Value> =>
  new Promise((done, fail) => {
    setTimeout(fail, milliseconds);
    work.then(done, fail);
  });
