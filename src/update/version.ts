/** As semver.org writes them, without build metadata: `0.1.0`, `0.2.0-beta.3`. Safe as the name of a folder. */
export const VERSION = /^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(?:-([0-9a-z]{1,20}(?:\.[0-9a-z]{1,20}){0,3}))?$/;

/** Below, at or above 0, as the first version is older than, the same as or newer than the second. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)];
  for (const index of [0, 1, 2]) {
    const difference = a.numbers[index]! - b.numbers[index]!;
    if (difference !== 0) return difference;
  }
  // A version comes after its own betas.
  if (a.beta.length === 0 || b.beta.length === 0) return b.beta.length - a.beta.length;
  for (let index = 0; index < Math.max(a.beta.length, b.beta.length); index++) {
    const difference = compareWords(a.beta[index], b.beta[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parts(version: string): { numbers: readonly number[]; beta: readonly string[] } {
  const found = VERSION.exec(version);
  if (!found) throw new TypeError('not a version');
  return { numbers: found.slice(1, 4).map(Number), beta: found[4]?.split('.') ?? [] };
}

/** Numbers are older than words; what ends first is older. */
function compareWords(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined);
  const [first, second] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (first && second) return Number(a) - Number(b);
  if (first !== second) return first ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
