/** Those of one fate as one, with their names: `A, B and 7 more`. */
export function together<T extends { readonly name: string }>(all: readonly T[], fate: (one: T) => string, most = 3): T[] {
  return [...Map.groupBy(all, fate).values()].map((group) => {
    const names = group.map(({ name }) => name);
    const left = names.length - most + 1;
    return { ...group[0]!, name: left <= 1 ? names.join(', ') : `${names.slice(0, most - 1).join(', ')} and ${left} more` };
  });
}
