import sys

from tools.dashboard import story

sys.exit(story.main(sys.argv[1:]))
