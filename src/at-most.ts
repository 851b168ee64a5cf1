/** The work on all of them, so many at once; results in order. The first failure ends it. */
export async function atMost<T, R>(count: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const left = items.entries();
  const one = async (): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one after another is the point
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, one));
  return results;
}
