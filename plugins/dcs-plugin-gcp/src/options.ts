import type { Schema } from 'dcs-sdk';

export type Case = 'keep' | 'lower' | 'kebab';

export interface GcpOptions {
  readonly project_id: string;
  /** Regional secrets: the location that alone holds them. */
  readonly region?: string;
  /** Locations of a new global secret's copies. Default: Google chooses. */
  readonly replicas?: readonly string[];
  /** One secret a name (default), or one JSON secret that holds all. */
  readonly mode?: 'secrets' | 'bundle';
  /** The bundle's id. */
  readonly secret?: string;
  readonly case?: Case;
  /** Stands before each id; secrets without it are out of sight. */
  readonly id_prefix?: string;
  /** Enabled versions a secret keeps; older ones are disabled after a write, never destroyed. Default: all. */
  readonly keep_versions?: number;
}

type Test = (value: unknown) => string | undefined;
export type Fields = Readonly<Record<string, { readonly test: Test; readonly needed?: boolean }>>;

const matches =
  (pattern: RegExp, otherwise: string): Test =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : otherwise;
export const oneOf =
  (...words: readonly string[]): Test =>
  (value) =>
    words.includes(String(value)) ? undefined : `must be one of ${words.join(', ')}`;
export const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.length > 0 ? value.map(test).find((issue) => issue !== undefined) : 'must be a list';
// A project may still bear a domain: https://cloud.google.com/resource-manager/docs/creating-managing-projects, last verified 2026-11-21.
export const project: Test = matches(/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{3,28}[a-z0-9]$/, 'must be a project id, such as shop-4f2a1');
export const location: Test = matches(/^[a-z]+(-[a-z]+)*-?[a-z0-9]*$/, 'must be a location, such as europe-west3');
export const word: Test = matches(/^[A-Za-z0-9_-]{1,255}$/, 'must be letters, digits, - and _');

/** A small Standard Schema: a schema library would cost each start of dcs more than all it has to check here. */
export function schema<Options>(
  fields: Fields,
  whole: (options: Options) => { path: string; message: string } | undefined = () => undefined,
): Schema<Options> {
  return {
    '~standard': {
      version: 1,
      vendor: 'dcs',
      validate(value) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return { issues: [{ message: 'must be a map' }] };
        const given = new Map<string, unknown>(
          Object.entries(value).filter(([key, item]) => Object.hasOwn(fields, key) && item !== undefined),
        );
        const issues = Object.entries(fields).flatMap(([key, { test, needed }]) => {
          const message = given.has(key) ? test(given.get(key)) : needed ? `${key} is missing` : undefined;
          return message === undefined ? [] : [{ message, path: [key] }];
        });
        if (issues.length > 0) return { issues };
        const options = Object.fromEntries(given) as Options;
        const issue = whole(options);
        return issue ? { issues: [{ message: issue.message, path: [issue.path] }] } : { value: options };
      },
    },
  };
}

export const gcpFields: Fields = {
  project_id: { test: project, needed: true },
  region: { test: location },
  replicas: { test: listOf(location) },
  mode: { test: oneOf('secrets', 'bundle') },
  secret: { test: word },
  case: { test: oneOf('keep', 'lower', 'kebab') },
  id_prefix: { test: word },
  keep_versions: { test: (value) => (Number.isInteger(value) && Number(value) > 0 ? undefined : 'must be a whole number from 1 on') },
};

export const gcpSchema = schema<GcpOptions>(gcpFields, ({ mode, secret, region, replicas, ...options }) => {
  if (mode === 'bundle' && secret === undefined) return { path: 'secret', message: 'secret is missing: the id of the JSON secret' };
  if (mode === 'bundle' && (options.case ?? options.id_prefix) !== undefined)
    return { path: 'mode', message: 'a bundle has one id: case and id_prefix do not go with it' };
  if (mode !== 'bundle' && secret !== undefined) return { path: 'secret', message: 'goes with mode: bundle' };
  return region !== undefined && replicas !== undefined
    ? { path: 'replicas', message: 'a regional secret has no replicas: region or replicas' }
    : undefined;
});
