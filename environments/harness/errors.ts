/** The harness could not do its work: never a statement about the system under test. Ends a run with exit code 3. */
export class HarnessError extends Error {
  /** What the user can do about it, one line. */
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HarnessError';
    this.remedy = remedy;
  }
}
