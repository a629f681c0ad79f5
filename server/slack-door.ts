import type { SlackApp } from '#slack/app.ts';
import type { DoorRefusal } from '#slack/door.ts';

/** A request to `/v1/slack`, as bytes. */
export type SlackRequest = {
  readonly raw: Uint8Array;
  readonly contentType: string | undefined;
  readonly time: string | undefined;
  readonly signature: string | undefined;
  readonly peer: string;
  readonly correlation: string;
};
export type SlackReply = {
  readonly status: 200 | 400 | 401 | 403 | 413;
  /** Null: an empty answer. */
  readonly body: Readonly<Record<string, unknown>> | null;
};
/** Handed in where Slack posts to us; its functions do not throw. */
export type SlackDoor = {
  receive(request: SlackRequest): Promise<SlackReply>;
  /** Answers a request that was refused before its body was read. */
  refuse(request: Pick<SlackRequest, 'peer' | 'correlation'>, reason: DoorRefusal): Promise<SlackReply>;
};

/** Handed in: records a refusal. May throw; the refusal stands either way. */
type OnRefused = (refusal: {
  source: string;
  reason: string;
  peer: string;
  bytes: number;
  correlation: string;
}) => Promise<void>;

/** The door for what Slack posts over HTTP; every refusal is recorded with its reason. */
export function createSlackDoor(app: Pick<SlackApp, 'receive'>, onRefused: OnRefused): SlackDoor {
  async function turnAway(
    { peer, correlation }: Pick<SlackRequest, 'peer' | 'correlation'>,
    { reason, bytes }: { reason: DoorRefusal; bytes: number },
  ): Promise<SlackReply> {
    try {
      await onRefused({ source: 'slack', reason, peer, bytes, correlation });
    } catch {
      // It stays refused; a log that takes nothing shows in its own health.
    }
    return { status: statusOf(reason), body: { error: `refused: ${reason.replaceAll('_', ' ')}`, reason } };
  }
  return {
    refuse: (request, reason) => turnAway(request, { reason, bytes: 0 }),
    receive: async (request) => {
      const answered = await app.receive(request);
      if (answered.kind === 'answered') return { status: 200, body: answered.body };
      return turnAway(request, { reason: answered.reason, bytes: request.raw.byteLength });
    },
  };
}

function statusOf(reason: DoorRefusal): SlackReply['status'] {
  switch (reason) {
    case 'oversized':
      return 413;
    case 'not_utf8':
    case 'unreadable':
    case 'wrong_type':
      return 400;
    case 'wrong_team':
    case 'wrong_app':
      return 403;
    case 'not_signed':
    case 'unreadable_signature':
    case 'too_old':
    case 'from_the_future':
    case 'wrong_signature':
    case 'replayed':
      return 401;
  }
}
