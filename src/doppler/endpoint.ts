import type { Env } from 'dcs-sdk';

export const DOPPLER_API = 'https://api.doppler.com';

/** Doppler's API; the Doppler CLI's own variable may name another one (a sandbox). */
export function dopplerEndpoint(env: Env): string {
  return env['DOPPLER_API_HOST']?.replace(/\/+$/, '') || DOPPLER_API;
}
