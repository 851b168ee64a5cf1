export function measured(): readonly unknown[];
export function page(): string;
export function percent(room: { readonly killed: number; readonly mutants: number }): string;
