"""API shapes that commands share: parameters, responses, batches and exports. Wire spelling lives here and in commands/."""
