/** Words for one kind of environment; the first is its name. */
export const GROUPS: readonly (readonly string[])[] = [
  ['dev', 'development', 'develop', 'local'],
  ['staging', 'stg', 'stage'],
  ['prod', 'prd', 'production', 'live'],
];
export type Kind = 'dev' | 'staging' | 'prod';

/** What the Doppler project of a new shop names its configs: https://docs.doppler.com/docs/create-project, last verified 2026-11-21. */
export const STANDARD: ReadonlyMap<Kind, string> = new Map([
  ['dev', 'dev'],
  ['staging', 'stg'],
  ['prod', 'prd'],
]);

/** `prd`, `production`, `live` are `prod`, and so on; undefined for any other word. */
export function kindOf(word: string): Kind | undefined {
  return GROUPS.find((group) => group.includes(word.toLowerCase()))?.[0] as Kind | undefined;
}

/** `prod`, `prod-eu`, `shop_prd` ...: protected unless dcs.yaml says otherwise. */
export function isProdLike(word: string): boolean {
  return word.split(/[-_.]/).some((part) => kindOf(part) === 'prod');
}
