import { DcsError } from 'dcs-sdk';

/** A disk that is full, closed or broken is for the user to mend. */
export async function whereItFails<T>(folder: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined) throw error;
    throw new DcsError('CONFIG', `${folder} cannot be written or read (${code}).`, {
      why: 'dcs updates within its own folder. The version in use is as it was.',
      hint:
        code === 'ENOSPC' || code === 'EDQUOT'
          ? 'make room: an update takes 300 MB for a moment'
          : 'run the same as the owner of that folder',
    });
  }
}
