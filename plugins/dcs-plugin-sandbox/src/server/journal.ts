/** One answered call: names only, never a value, a token or a query. */
export interface Entry {
  n: number;
  at: string;
  cloud: string;
  method: string;
  path: string;
  /** 0: the connection was cut before an answer. */
  status: number;
  fault?: string;
  names?: string[];
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The secret names that a request body speaks of. */
export function namesIn(body: unknown): string[] {
  if (Array.isArray(body)) return body.flatMap(namesIn);
  if (!isObject(body)) return [];
  const { name, secrets, change_requests: changes } = body;
  return [
    ...(typeof name === 'string' ? [name] : []),
    ...(isObject(secrets) ? Object.keys(secrets) : []),
    ...(Array.isArray(changes) ? changes.flatMap(namesIn) : []),
  ];
}

export class Journal {
  #entries: Entry[] = [];
  #n = 0;

  add(entry: Omit<Entry, 'n' | 'at'>): void {
    this.#n += 1;
    this.#entries.push({ n: this.#n, at: new Date().toISOString(), ...entry });
    if (this.#entries.length > 10_000) this.#entries.shift();
  }

  entries(): readonly Entry[] {
    return [...this.#entries];
  }

  clear(): void {
    this.#entries = [];
    this.#n = 0;
  }
}
