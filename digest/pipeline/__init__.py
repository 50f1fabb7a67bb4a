"""The order of things. Read this first.

    fetch     sources are asked -> dumps in the inbox                     where there are automatic sources
    ingest    read_listing -> diff -> store.record                        a dump becomes papers and sightings
    publish   trends -> rank -> compose -> letter -> store.enqueue_all    papers become editions, letters and outbox
    hold      the editor sees what was made, and may stop or amend it     where there is an editor
    deliver   letter -> build_message -> transport.send                   the outbox becomes mail

The phases hand over through the store alone, so each may be run by hand, be killed at any point and be run again.
Feeds and pages are written from the same frozen editions as the mails. `now` is always a parameter. The phases are in
the modules of their names, all of them together in `run`; who needs one imports it from there, and does not wait for
the libraries of the others.

What they need of more than one part, and what is asked beside them:

    world readership run watch            all that they work on; all of them once, and how that went
    roll waiting catch_up                 who is due, whose edition waits, what never left and is made up for
    rankings examples selection desk      what is thought of the papers, and what those who are due get of them
    past preview backtest why             what it would get, what it would have got, what became of a date
    letters surfaces streams feeds archive    editions become mails, pages and feeds
    senders pace roads failing handover   who sends, how fast and where to; which addresses and servers take nothing
    bounces owners spare                  what comes back and whose it is; whom a server wrongly takes for dead
    feedback references                   what readers say, and of which paper
    days figures prune                    how the sources' days were; numbers for the operator; what goes in time
"""
