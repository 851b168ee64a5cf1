/** The core's own keys of a target: what src/config/schema.ts describes. */
export const CORE_TARGET_KEYS = ['type', 'include', 'exclude', 'transform', 'rename', 'prefix', 'policy', 'existing', 'shared'] as const;
export type CoreTargetKey = (typeof CORE_TARGET_KEYS)[number];

const KEYS: ReadonlySet<string> = new Set(CORE_TARGET_KEYS);
export const isCoreTargetKey = (key: string): boolean => KEYS.has(key);

/** The core's own keys of a source. */
export const CORE_SOURCE_KEYS = ['type', 'include', 'exclude', 'rename', 'prefix'] as const;
export type CoreSourceKey = (typeof CORE_SOURCE_KEYS)[number];

const SOURCE_KEYS: ReadonlySet<string> = new Set(CORE_SOURCE_KEYS);
export const isCoreSourceKey = (key: string): boolean => SOURCE_KEYS.has(key);
