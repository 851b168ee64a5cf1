/** How long a git hook may hold git up, in milliseconds. */
export const HOOK_LIMIT = 5000;
