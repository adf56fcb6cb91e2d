'use client';

import { useQuery } from '@tanstack/react-query';
import { ChevronDown } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { loopHref } from '../../lib/loop-words.ts';
import { loopsQuery } from '../../lib/queries.ts';
import { useAccess } from '../../lib/use-session.ts';
import { AutonomyDialog } from '../loops/autonomy-control.tsx';
import { IconButton } from '../ui/button.tsx';
import { Menu, MenuItem } from '../ui/menu.tsx';

/** Beyond approving once: let the loop act alone, or have it only watch. */
export function MoreAutonomy({ loopId }: { loopId: string }) {
  const { mayAct } = useAccess();
  const router = useRouter();
  const [wanted, setWanted] = useState<'auto' | 'shadow' | null>(null);
  const loop = useQuery(loopsQuery).data?.loops.find(({ id }) => id === loopId);
  return (
    <>
      <Menu
        trigger={
          <IconButton label="More choices for this kind of action" disabled={!mayAct}>
            <ChevronDown size={16} aria-hidden />
          </IconButton>
        }
      >
        <MenuItem disabled={!loop} onSelect={() => setWanted('auto')}>
          Automate this kind…
        </MenuItem>
        <MenuItem disabled={!loop} onSelect={() => setWanted('shadow')}>
          Stop proposing this kind…
        </MenuItem>
        <MenuItem onSelect={() => router.push(loopHref(loopId))}>Open the loop</MenuItem>
      </Menu>
      {wanted && loop ? (
        <AutonomyDialog loop={loop} wanted={wanted} onClose={() => setWanted(null)} />
      ) : null}
    </>
  );
}
