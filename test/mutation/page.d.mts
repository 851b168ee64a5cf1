export function measured(): readonly unknown[];
export function unused(): readonly string[];
export function page(): string;
export function percent(room: { readonly killed: number; readonly mutants: number }, same?: number): string;
