import * as z from 'zod';
import type { CoreSourceKey, CoreTargetKey } from './core-target-keys.ts';
import { GIT_HOOKS, TRIGGER_TYPES } from 'dcs-sdk';
import { stepsSchema } from './steps-schema.ts';

// Every object is strict: an unknown key is an error. What is read by which code is held by test/config/readers.test.ts.

export const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const name = z.string().regex(NAME, 'must be letters, digits, - and _ only');
const text = z.string().min(1, 'must not be empty');
const open = z.record(z.string(), z.unknown());
const ledgerHome = z.enum(['machine', 'git', 'doppler']);

const configs = z.record(name, text).optional();
const doppler = z.union([text, z.strictObject({ project: text, configs })]);

const environment = z.strictObject({
  branches: z.array(text).optional().meta({ description: 'Git branches of this environment; * stands for anything but a slash.' }),
  protected: z
    .boolean()
    .optional()
    .meta({ description: 'Writing needs its name typed. Prod-like names are protected unless this says false.' }),
  default: z.boolean().optional(),
});

/** The core's own keys of a target; every other key is an option of the platform, checked by its plugin. */
const coreTarget = {
  type: name.optional().meta({ description: 'The platform. Default: the name of the entry.' }),
  include: z.array(text).optional().meta({ description: "Globs on Doppler's names. With two or more targets each states it." }),
  exclude: z.array(text).optional(),
  transform: z
    .record(z.string().regex(/^\w[\w-]*$/), stepsSchema)
    .optional()
    .meta({ description: "Doppler's name: the steps that its value takes." }),
  rename: z.record(text, text).optional().meta({ description: "Doppler's name: the name there." }),
  prefix: z.string().optional(),
  policy: z.enum(['upsert-only', 'create-only', 'mirror']).optional(),
  existing: z.enum(['ask', 'leave', 'replace']).optional(),
  shared: z.boolean().optional().meta({ description: 'Two environments, or two targets, may write to this one place.' }),
};
const target = z.object(coreTarget satisfies Record<CoreTargetKey, z.ZodType>).catchall(z.unknown());

/** The core's own keys of a source. */
const coreSource = {
  type: name.optional().meta({ description: 'The plugin that reads it. Default: the name of the entry.' }),
  include: z.array(text).optional().meta({ description: "Globs on the source's names." }),
  exclude: z.array(text).optional(),
  rename: z.record(text, text).optional().meta({ description: "The source's name: the name in Doppler." }),
  prefix: z.string().optional(),
};
const source = z.object(coreSource satisfies Record<CoreSourceKey, z.ZodType>).catchall(z.unknown());

/** What a value must look like. */
export const SECRET_TYPES = ['string', 'number', 'boolean', 'json', 'url'] as const;
const secretRule = z.strictObject({
  required: z
    .union([z.boolean(), z.array(name)])
    .optional()
    .meta({ description: 'true: in every environment; a list: in these.' }),
  type: z.enum(SECRET_TYPES).optional(),
  owner: text.optional().meta({ description: 'Who to ask: shown where the name is missing.' }),
});

/** What may start a sync by itself. */
export const triggerSchema = z.strictObject({
  type: z.enum(TRIGGER_TYPES),
  environment: name,
  targets: z.array(name).min(1).optional().meta({ description: 'Default: all that take the environment.' }),
  hooks: z.array(z.enum(GIT_HOOKS)).min(1).optional().meta({ description: 'Of a git-hook trigger. Default: post-checkout, post-merge.' }),
});

/** A folder below the file: `services/*`, `apps/**`, `!services/old`. */
const folders = z.string().regex(/^!?(?!\/|\.\.?(\/|$))[^\\]+$/, 'must name folders below this file, such as services/*');

const environments = z.record(name, environment.nullable()).optional();
const ledger = z.union([ledgerHome, z.record(name, ledgerHome)]).optional();
const ofEachTarget = z.never().optional();
const common = { ...coreTarget, type: ofEachTarget, shared: ofEachTarget };
/** What the targets of the file, and of the members of its workspace, take where they say nothing else. */
const defaults = z.strictObject({
  strict: z.boolean().optional(),
  doppler: z.union([text, z.strictObject({ project: text.optional(), configs })]).optional(),
  environments,
  ledger,
  targets: z
    .record(name, z.object(common).catchall(z.unknown()))
    .optional()
    .meta({ description: 'By type: what each target of that type takes where it says nothing else.' }),
});

const deprecated = { deprecated: true, description: 'First version: still read; dcs config migrate rewrites it.' };
const FIRST_VERSION = {
  platforms: z.record(name, target).optional().meta(deprecated),
  neon: z
    .strictObject({
      project_id: z.unknown().optional(),
      project_name: z.unknown().optional(),
      org_id: z.unknown().optional(),
      database: z.unknown().optional(),
      role: z.unknown().optional(),
      migrations_dir: z.unknown().optional(),
      branch_mapping: z.unknown().optional(),
    })
    .optional()
    .meta(deprecated),
  gcp: z.strictObject({ project_id: z.unknown().optional(), region: z.unknown().optional() }).optional().meta(deprecated),
  sync: z
    .strictObject({ triggers: z.array(open).optional() })
    .optional()
    .meta(deprecated),
};

/** dcs.yaml, first-version files included. */
export const configSchema = z.strictObject({
  version: z.literal(1).optional(),
  project: text.optional().meta({ description: 'Default: the Doppler project.' }),
  doppler: doppler.optional().meta({ description: 'The Doppler project. May be left out where defaults, or workspaces, stand for it.' }),
  environments,
  ledger,
  targets: z.record(name, target).optional(),
  sources: z.record(name, source).optional().meta({ description: 'What fills Doppler.' }),
  secrets: z.record(z.string(), secretRule).optional().meta({ description: 'What run, sync and doctor check; what dcs types writes.' }),
  transforms: z.record(name, stepsSchema).optional().meta({ description: 'Named chains of steps.' }),
  credentials: z
    .strictObject({ doppler: name })
    .optional()
    .meta({ description: "The Doppler config that holds the clouds' own tokens. It is never synced." }),
  triggers: z.array(triggerSchema).optional().meta({ description: 'What may start a sync by itself, once dcs trust said so.' }),
  notifications: z.record(name, open).optional().meta({ description: 'Who hears of outcomes, drift and refusals: dcs-plugin-automation.' }),
  workspaces: z
    .array(folders)
    .min(1, 'must name at least one folder')
    .optional()
    .meta({ description: 'Folders with a dcs.yaml of their own: the members of --all and --changed.' }),
  defaults: defaults.optional().meta({ description: 'What this file and its members take where they say nothing else.' }),
  ...FIRST_VERSION,
});
export type Config = z.infer<typeof configSchema>;
export type TargetConfig = z.infer<typeof target>;
export type SourceConfig = z.infer<typeof source>;
export type LedgerPlace = z.infer<typeof ledgerHome>;
