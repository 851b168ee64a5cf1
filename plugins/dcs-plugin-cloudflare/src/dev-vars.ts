import type { LocalFile } from 'dcs-sdk';

/**
 * What `wrangler dev` reads. The variable makes it take names from its environment as well:
 * https://developers.cloudflare.com/workers/wrangler/system-environment-variables/ (wrangler 4.155.0, last verified 2026-11-21).
 */
export const DEV_VARS: LocalFile = { file: '.dev.vars', format: 'dotenv', variables: { CLOUDFLARE_INCLUDE_PROCESS_ENV: 'true' } };
