import { resolve } from 'node:path';

/** The named pipe of `--mount FILE`, and the one that takes its place after a read: both gone when dcs is. */
export const pipeFiles = (file: string): readonly [pipe: string, next: string] => [resolve(file), `${resolve(file)}.next`];
