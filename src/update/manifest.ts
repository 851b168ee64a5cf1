import { DcsError } from 'dcs-sdk';
import { z } from 'zod';
import { VERSION } from './version.ts';

export const CHANNELS = ['stable', 'beta'] as const;
export type Channel = (typeof CHANNELS)[number];

const SHA256 = /^[0-9a-f]{64}$/;
const MEGABYTE = 1024 * 1024;
/** A path that stays below its folder and means one file on every system: no `..`, no root, no drive, no stream, no device. */
const SEGMENT = /^(?!\.{1,2}$)(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[\w@+.,~()[\]-]{0,199}[\w@+~()[\]-]$/i;

const file = z.strictObject({
  path: z
    .string()
    .max(400)
    .refine((path) => path.split('/').every((segment) => SEGMENT.test(segment))),
  size: z
    .int()
    .min(0)
    .max(512 * MEGABYTE),
  sha256: z.string().regex(SHA256),
  executable: z.boolean().optional(),
});

const part = z.strictObject({
  /** Of the packed bytes, and their name on the server. */
  sha256: z.string().regex(SHA256),
  size: z
    .int()
    .min(1)
    .max(256 * MEGABYTE),
  files: z.array(file).min(1).max(20_000),
});

const version = z.string().regex(VERSION);
const manifest = z.strictObject({
  product: z.string().max(50),
  /** Where it was published; what a person asks for by version may come from either. */
  channel: z.enum(CHANNELS),
  version,
  platform: z.string().max(50),
  /** The oldest version that can update to this one. */
  minimum: version,
  expires: z.iso.datetime(),
  /** What `--version` can name, newest first. */
  versions: z.array(version).max(200),
  parts: z.array(part).min(1).max(8),
});

export type Manifest = z.infer<typeof manifest>;
export type Part = z.infer<typeof part>;
export type PackedFile = z.infer<typeof file>;

/** A signed text, checked in every field: what passes can be written below a folder without a further look at its paths. */
export function parseManifest(text: string): Manifest {
  const read = manifest.safeParse(jsonOf(text));
  const names = read.success ? read.data.parts.flatMap(({ files }) => files.map(({ path }) => path.toLowerCase())) : [];
  if (read.success && !collide(names)) return read.data;
  throw new DcsError('REFUSED', 'The manifest of the update is not one that this dcs reads.', {
    why: `It is signed, but ${read.success ? 'two of its files are one' : `${fieldOf(read.error)} is not as it should be`}. Nothing was unpacked.`,
    hint: 'get the newest dcs by hand: see docs/installing.md',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The same name twice, or a file where another wants a folder. */
function collide(names: readonly string[]): boolean {
  const files = new Set(names);
  const folders = names.flatMap((name) => name.split('/').map((_, index, segments) => segments.slice(0, index).join('/')));
  return files.size < names.length || folders.some((folder) => files.has(folder));
}

const fieldOf = ({ issues }: z.ZodError): string => issues[0]?.path.join('.') || 'the whole';
