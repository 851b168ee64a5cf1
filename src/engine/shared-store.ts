/** Texts that several machines share: where a shared ledger and its history lie. */
export interface SharedStore {
  /** For people: `Doppler shop/prd_dcs`. */
  readonly title: string;
  /** Makes the place where it is missing. Throws where this credential may not use it. */
  prepare(): Promise<void>;
  /** As they are now; a name that is not there is left out. Throws where that cannot be told. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Writes the text (`undefined`: removes it) if it still is what this store last read or wrote under the name. False: somebody
   * else was faster, and nothing was written. Durable before it resolves.
   */
  swap(name: string, text: string | undefined): Promise<boolean>;
}
