import * as z from 'zod';

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable that holds the token, never the token');
const id = z.string().regex(/^[\w.@-]{1,100}$/, 'must be an id, as the platform shows it');
const allowed = z
  .string()
  .regex(
    /^((@[a-z0-9~._-]+\/)?[a-z0-9~][a-z0-9~._-]*(@[\w.+-]+)?|sha512-[A-Za-z0-9+/=]+)$/,
    'must be a full package name, name@version, or sha512-...',
  );
const identity = z
  .strictObject({
    owner: z.string().min(1).optional(),
    directory: z.string().regex(/^[~/]/, 'must begin with / or ~').optional(),
    doppler: variable.optional(),
    cloudflare: z.strictObject({ token: variable.optional(), account: id.optional() }).optional(),
    neon: z.strictObject({ token: variable.optional(), org: id.optional() }).optional(),
    google: z.strictObject({ credentials: variable.optional(), project: id.optional() }).optional(),
  })
  .refine(({ owner, directory }) => owner !== undefined || directory !== undefined, 'needs an owner or a directory');

/** `config.yaml` in dcs's configuration directory: settings of a person, never a value. */
export const userSchema = z.strictObject({
  defaults: z.strictObject({ strict: z.boolean().optional(), doppler_project_prefix: z.string().optional() }).optional(),
  identities: z.record(z.string(), identity).optional(),
  /** Plugins that nobody is asked about: `name`, `name@version`, or the checksum of a packed file. */
  plugins: z.strictObject({ allow: z.array(allowed).optional() }).optional(),
  /** First version: git owner -> variable. */
  identity_mappings: z.record(z.string(), variable).optional(),
  /** First version. */
  templates_dir: z.string().optional(),
});
export type UserConfig = z.infer<typeof userSchema>;
