export const greeting = (key: string): string => `Hello with ${key}`;
