import type { Schema } from 'dcs-sdk';

/** The keys of a Neon entry below `sources:`, environment maps resolved. */
export interface NeonOptions {
  readonly project_id: string;
  /** Branch of this environment, by name or id. Default: the project's default branch. */
  readonly branch?: string;
  /** Default: the branch's only one. */
  readonly database?: string;
  /** Default: the owner of the database. */
  readonly role?: string;
  readonly org_id?: string;
  readonly project_name?: string;
  readonly migrations_dir?: string;
}

export const NEON_KEYS = ['project_id', 'branch', 'database', 'role', 'org_id', 'project_name', 'migrations_dir'] as const;

export const neonOptions: Schema<NeonOptions> = {
  '~standard': {
    version: 1,
    vendor: 'dcs',
    validate(value) {
      const given = new Map<string, unknown>(Object.entries(value as Record<string, unknown>));
      const issues = NEON_KEYS.flatMap((key) => {
        const said = given.get(key);
        if (said === undefined) return key === 'project_id' ? [{ message: 'is missing: dcs provision neon', path: [key] }] : [];
        return typeof said === 'string' && said.trim() !== '' ? [] : [{ message: 'must be text (put it in quotes)', path: [key] }];
      });
      return issues.length > 0 ? { issues } : { value: Object.fromEntries(given) as unknown as NeonOptions };
    },
  },
};
