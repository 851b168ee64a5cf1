/**
 * Who may sign an update: Ed25519 public keys (SPKI, base64). Two, so that one can be replaced while the other still signs
 * (docs/releasing.md). Nothing else names a key: no variable, no file, no flag. A test that needs its own edits its copy of the build.
 */
export const KEYS: readonly string[] = [
  'MCowBQYDK2VwAyEA6MuZCULJDfBXtT7XEfJatpXcCLz+dV93fEK9oR1tfVs=',
  'MCowBQYDK2VwAyEAzvwbz1d1MGTAAgc86wMcfWcV9Y6qJrdeanqs5e1Kpy4=',
];
