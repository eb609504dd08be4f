/** A case among all of a run. */
export function caseKey(file: string, name: string): string {
  return `${file}\0${name}`;
}
