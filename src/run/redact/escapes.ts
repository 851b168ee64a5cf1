export const ESC = 0x1b;
const BEL = 0x07;
/** A string such as a window title that is longer than this is no control sequence. */
export const MAX_SEQUENCE = 4096;

/** Where in a terminal's control sequence a stream stands (ECMA-48): chunks may end inside one. */
export type Place = 'text' | 'escape' | 'csi' | 'string';

/** The place after `byte`. ESC within a sequence starts a new one. */
export function follow(place: Place, byte: number): Place {
  switch (place) {
    case 'text':
      return byte === ESC ? 'escape' : 'text';
    case 'escape':
      if (byte === 0x5b) return 'csi';
      // OSC, DCS, SOS, PM, APC
      if (byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) return 'string';
      return byte >= 0x20 && byte <= 0x2f ? 'escape' : byte === ESC ? 'escape' : 'text';
    case 'csi':
      return byte === ESC ? 'escape' : byte >= 0x20 && byte <= 0x3f ? 'csi' : 'text';
    case 'string':
      return byte === BEL ? 'text' : byte === ESC ? 'escape' : 'string';
  }
}
