/** An SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 3463), if it carried one. */
export interface Reply {
  readonly code: number
  /** `x.y.z`; undefined where the server sent none. */
  readonly enhanced?: string
  /** Text of each line, without code and enhanced code; at least one. */
  readonly lines: readonly string[]
}
