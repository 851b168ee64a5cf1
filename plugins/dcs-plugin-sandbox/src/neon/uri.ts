import type { Json } from './envelope.ts';
import type { Endpoint } from './state.ts';

export const hostOf = ({ ports }: Endpoint, pooled = false): string => `127.0.0.1:${pooled ? ports.pooled : ports.direct}`;

export interface Login {
  role: string;
  password: string;
  database: string;
}

/** The vendor asks for TLS here; on loopback there is none. */
export function uriOf(endpoint: Endpoint, { role, password, database }: Login, pooled = false): string {
  const [user, secret, path] = [role, password, database].map(encodeURIComponent);
  return `postgresql://${user}:${secret}@${hostOf(endpoint, pooled)}/${path}?sslmode=disable`;
}

export const connectionOf = (endpoint: Endpoint, login: Login): Json => ({
  connection_uri: uriOf(endpoint, login),
  connection_parameters: { ...login, host: hostOf(endpoint), pooler_host: hostOf(endpoint, true) },
});
